"""The mode `bu`, on a builder unit: concatenates and merges the files of runs, and delivers them to the GUI machines."""
