"""The index behind one port: tantivy in process, or OpenSearch."""
