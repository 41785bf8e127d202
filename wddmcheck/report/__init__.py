"""Reports: from verdicts and traces to text and JSON.

`tell.tell` makes a `story.Story` of a trace; `terminal` renders stories and whole reports as text;
`json_report` as JSON for scripts; `trace_file` writes and reads counterexamples; `words` has the
fixed word, the rank and the exit code of every verdict.
"""
