#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Checks JSON against share/schema.

schema.py VERB...     each line of standard input is a valid object of one of these schemas, and has no member that its
                      schema does not describe
schema.py members     prints every member that is always there, with its type: what must never change
schema.py verify      the schemas themselves are right
"""
import copy
import json
import pathlib
import sys

import jsonschema

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "share" / "schema"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def closed(node):
    """The same schema, but without room for members that are not described."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {key: value if key in ("if", "then", "else") else closed(value) for key, value in node.items()}
    if "properties" in out and "type" in out and "additionalProperties" not in out:
        out["additionalProperties"] = False
    return out


def check(names):
    schemas = {f"alpnxdp.{name}/1": closed(load(name)) for name in names}
    lines, wrong = 0, 0
    for line in sys.stdin:
        lines += 1
        try:
            found = json.loads(line)
            jsonschema.Draft7Validator(schemas[found["schema"]]).validate(found)
        except jsonschema.ValidationError as error:
            print(f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
            wrong += 1
        except (ValueError, KeyError, TypeError) as error:
            print(f"{error!r}: {line[:200]}")
            wrong += 1
    if not lines:
        print("nothing came")
    return lines > 0 and not wrong


def walk(schema, node, path, out):
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    kind = node.get("type", "any")
    out.append(f"{path} {'|'.join(kind) if isinstance(kind, list) else kind}")
    always = node.get("required", []) + node.get("then", {}).get("required", [])
    for name in sorted(set(always)):
        walk(schema, node["properties"][name], f"{path}.{name}", out)
    for part, sign in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(node.get(part), dict):
            walk(schema, node[part], path + sign, out)


def members():
    out = []
    for file in sorted(FOLDER.glob("*.json")):
        schema = json.loads(file.read_text())
        walk(schema, schema, schema["title"], out)
    return out


def verify():
    for file in sorted(FOLDER.glob("*.json")):
        schema = json.loads(file.read_text())
        jsonschema.Draft7Validator.check_schema(schema)
        if schema["title"] != f"alpnxdp.{file.stem}/1" or schema["properties"]["schema"]["const"] != schema["title"]:
            print(f"{file.name}: is of {schema['title']}")
            return False
    return True


if sys.argv[1:] == ["members"]:
    print("\n".join(members()))
elif sys.argv[1:] == ["verify"]:
    sys.exit(0 if verify() else 1)
else:
    sys.exit(0 if check(sys.argv[1:]) else 1)
