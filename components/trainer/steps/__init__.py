"""The numeric core of training: steps on blocks of rows, on whichever backend Keras runs on.

It needs Keras and NumPy alone; a backend's own library is imported where that backend is asked for.
"""
