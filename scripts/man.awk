# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Puts the paragraphs of what scdoc writes where they belong: none behind a heading or another .P, before a heading or at the
# end; one before the end of an indented part comes behind it.
/^\.P$/ { waiting = !heading; next }
/^\.S[HS] / { waiting = 0; heading = 1; print; next }
/^\.RE$/ { print; heading = 0; next }
{ if (waiting) print ".P"; waiting = heading = 0; print }
