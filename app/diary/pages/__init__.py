"""The pages of the job diary."""
