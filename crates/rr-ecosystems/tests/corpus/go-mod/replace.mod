module a
go 99999999999999999999
require (
a v0
)
replace a => ../../a
