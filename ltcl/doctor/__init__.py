"""What `ltcl doctor` looks at: packages, machine, places, network, and whether a training works.

Imports nothing: where a package is missing, the check of the versions must still say so.
"""
