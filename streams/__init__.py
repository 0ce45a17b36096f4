"""The stream side of Kawal: records in, trustworthy alerts out."""
