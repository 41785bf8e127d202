"""The command line: the only part that reads arguments, prints, and decides exit codes. Commands
import what they need when they run, so that `--version` and `--help` stay fast."""
