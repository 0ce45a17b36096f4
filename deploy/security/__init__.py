"""Who may do what on Kafka: keys and accounts in a folder, the rights of each, and a broker that holds to them."""
