// Placeholder of the command line.
