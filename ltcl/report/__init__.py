"""One page about a run that opens anywhere: figures, tail, classes, confusions, confidence, and what is wrong.

Imports no torch: a page is made from the files of a run, on any machine.
"""
