"""The pages of the transfer of online files: all runs, processes and GUI machines; one run; one concatenation; one host."""
