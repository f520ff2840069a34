"""Filing (立案): the standard, the working clock, and whose a case is."""
