"""The model server: packages that answer live requests, by KServe's own server."""
