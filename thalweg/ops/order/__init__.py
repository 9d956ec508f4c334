"""Elements by their size: sorted, searched, unique, quantiles."""
