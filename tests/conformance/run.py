#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs the conformance cases: run.py [--list] INTERFACE SERVER-MAC SERVER4 CLIENT4 SERVER6 CLIENT6 [WORD...].

A line per case, named by its clause; the last line is "N passed, N failed". WORD: only cases whose line has it.
--list needs nothing else.
"""
import asyncio
import importlib
import sys

import flow
from wire import Wire

LISTS = ("rfc9293_segments", "rfc9293_flow", "rfc5961", "rfc7323", "rfc6298", "rfc5681")
AT_ONCE, LIMIT = 24, 40


async def run(case, wire, gate):
    """None, or why it failed."""
    async with gate:
        try:
            await asyncio.wait_for(case(wire), LIMIT)
        except flow.Failure as failure:
            return str(failure)
        except asyncio.TimeoutError:
            return "the case did not end"
        except Exception as error:  # pylint: disable=broad-except
            return repr(error)
    return None


async def main(arguments):
    for name in LISTS:
        importlib.import_module(name)
    if arguments[:1] == ["--list"]:
        for clause, expectation, _ in flow.CASES:
            print(f"{clause:24} {expectation}")
        return 0
    wire, gate = Wire(*arguments[:6]), asyncio.Semaphore(AT_ONCE)
    cases = [c for c in flow.CASES if all(word in f"{c[0]} {c[1]}" for word in arguments[6:])]
    tasks = [asyncio.create_task(run(function, wire, gate)) for _, _, function in cases]
    failed = 0
    for (clause, expectation, _), task in zip(cases, tasks):
        why = await task
        failed += why is not None
        print(f"{'ok    ' if why is None else 'not ok'}  {clause:24} {expectation}", flush=True)
        if why:
            print(f"        | {why}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
