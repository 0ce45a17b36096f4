"""The gateway: positions from phones and trackers become pings on Kafka."""
