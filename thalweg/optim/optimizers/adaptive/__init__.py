"""Steps adapted to each parameter by what its gradients were."""
