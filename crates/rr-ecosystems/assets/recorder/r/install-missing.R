# Installs what a DESCRIPTION names and this R lacks, into the folder that is the only argument.
# What the package itself needs must be had; what is only suggested is tried, and its absence said.
library_folder <- commandArgs(trailingOnly = TRUE)[[1]]
dir.create(library_folder, recursive = TRUE, showWarnings = FALSE)
.libPaths(c(library_folder, .libPaths()))
if (identical(unname(getOption("repos")["CRAN"]), "@CRAN@")) {
  options(repos = c(CRAN = "https://cloud.r-project.org"))
}

names_of <- function(field) {
  text <- read.dcf("DESCRIPTION", field)[[1]]
  if (is.na(text)) return(character())
  names <- trimws(sub("\\(.*", "", strsplit(gsub("\\([^)]*\\)", "", text), ",")[[1]]))
  setdiff(names, c("R", "", rownames(installed.packages())))
}

needed <- unique(unlist(lapply(c("Depends", "Imports", "LinkingTo"), names_of)))
suggested <- setdiff(names_of("Suggests"), c(needed, "knitr", "rmarkdown", "covr", "pkgdown", "lintr"))

if (length(needed)) {
  message("missing: ", paste(needed, collapse = ", "))
  install.packages(needed, lib = library_folder)
}
if (length(suggested)) {
  message("missing suggestions: ", paste(suggested, collapse = ", "))
  tryCatch(install.packages(suggested, lib = library_folder), error = function(e) message(conditionMessage(e)))
}
absent <- setdiff(needed, rownames(installed.packages()))
for (name in absent) message("there is no package called \u2018", name, "\u2019")
quit(status = if (length(absent)) 1 else 0)
