"""Linear algebra in generated code: functions of matrices that lie in memory row by row."""
