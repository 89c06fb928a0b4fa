"""Studies: questions, decision rules and verdicts. Numbers and records in, values out; imports no torch."""
