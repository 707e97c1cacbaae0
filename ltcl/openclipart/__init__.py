"""Openclipart: 8,121 pieces of clip art in 22 folders with a natural tail, as a data set of class folders."""
