"""What benches/run consists of: scenarios, servers, measuring, and the report."""
