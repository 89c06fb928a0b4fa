"""`ablab` and `python -m ablab`: from the first moment on, Ctrl-C ends the program without a traceback."""

import os


def main() -> None:
    """Start the command line. While it is being imported nothing has begun, so a signal may end the process at once."""
    try:
        import signal  # takes longer than all before it

        signal.signal(signal.SIGINT, lambda _signal, _frame: os._exit(130))
    except KeyboardInterrupt:
        os._exit(130)
    from ablab.cli import main as begin

    begin()


if __name__ == "__main__":
    main()
