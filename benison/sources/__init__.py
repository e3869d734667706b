"""Rows from where they lie: files of several formats, local or in object stores, and queries, as typed batches."""
