"""Kawal on Kubernetes; what Strimzi must know of the topics is written from the one definition of them."""
