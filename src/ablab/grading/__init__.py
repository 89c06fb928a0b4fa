"""Hand-ins of a class, checked by the exports of their runs: read, judged anew, compared with each other, re-run."""
