"""Solvers: problems of few numbers or many, solved to their end by one compiled program."""
