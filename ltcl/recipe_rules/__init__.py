"""Recipes that fit the data: what the training images per class say of a method's arguments and of the run's length.

``applying.apply_recipe`` changes a config; the other files are the rules, pure functions of numbers. docs/recipes.md
tells what is derived and what is tuned.
"""
