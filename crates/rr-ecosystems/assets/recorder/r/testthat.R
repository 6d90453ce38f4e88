# Runs the tests of the package in this folder, as installed, and writes JUnit XML to the file that
# is the only argument. Fails where a test failed or nothing ran.
report <- commandArgs(trailingOnly = TRUE)[[1]]
description <- read.dcf("DESCRIPTION", "Package")
package <- if (is.na(description[[1]])) NULL else description[[1]]
library(testthat)
reporter <- MultiReporter$new(reporters = list(
  CheckReporter$new(),
  JunitReporter$new(file = report)
))
results <- test_dir(
  "tests/testthat",
  package = package,
  load_package = if (is.null(package)) "none" else "installed",
  reporter = reporter,
  stop_on_failure = FALSE
)
results <- as.data.frame(results)
quit(status = if (nrow(results) == 0 || any(results$failed > 0) || any(results$error)) 1 else 0)
