"""New tensors, and other dtypes, copies and texts of those there are."""
