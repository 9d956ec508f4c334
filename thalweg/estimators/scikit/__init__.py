"""Estimators of scikit-learn's kind; they need it, and are imported when they are asked for."""
