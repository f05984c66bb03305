"""What every layer may use; knows no context and no HTTP."""
