"""Reads PostgreSQL logs with pgsift on a Spark cluster (or all cores of one machine) and writes one report.

usage: pyspark_logs.py REPORT LOG…     REPORT ends in .html, .json or .md
The logs must be readable where the executors run; `pgsift` must be on their PATH (or in $PGSIFT).
"""
import os
import subprocess
import sys

from pyspark.sql import SparkSession

PGSIFT = os.environ.get("PGSIFT", "pgsift")


def summarize(path):
    """One log to one line of JSON. Exit code 2 says that something could not be read; the summary holds the rest."""
    run = subprocess.run([PGSIFT, "logs", path, "--format", "summary", "--jobs", "1"], capture_output=True)
    if not run.stdout:
        raise RuntimeError(f"{path}: {run.stderr.decode()}")
    return run.stdout.rstrip(b"\n")


def merge(a, b):
    """Two summaries to one; the order does not matter."""
    run = subprocess.run([PGSIFT, "logs", "merge", "-", "--format", "summary"], input=a + b"\n" + b + b"\n", capture_output=True, check=True)
    return run.stdout.rstrip(b"\n")


def main():
    report, logs = sys.argv[1], sys.argv[2:]
    formats = {".html": "html", ".json": "json", ".md": "markdown"}
    spark = SparkSession.builder.appName("pgsift").getOrCreate()
    paths = spark.sparkContext.parallelize(logs, len(logs))
    summary = paths.map(summarize).treeReduce(merge)
    spark.stop()
    form = formats.get(os.path.splitext(report)[1], "human")
    subprocess.run([PGSIFT, "logs", "merge", "-", "--format", form, "--output", report], input=summary + b"\n", check=True)


if __name__ == "__main__":
    main()
