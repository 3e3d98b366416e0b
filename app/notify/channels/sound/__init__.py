"""The sound server of the control room."""
