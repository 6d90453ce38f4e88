# Installs Perl modules that are not there, into a folder of their own.
#   perl install-missing.pl FOLDER [Module=version ...]
# What the system has already is taken as it is, so that a repository without foreign needs asks
# no registry. The last line names what stays missing.
use strict;
use warnings;

my ($folder, @wanted) = @ARGV;
my @missing = grep { !there($_) } @wanted;
if (!@missing) {
  print "every module is there\n";
  exit 0;
}
my @names = map { (split /=/, $_)[0] } @missing;
print "installing @names\n";
my @specs = map { my ($n, $v) = split /=/, $_; $v ? "$n~$v" : $n } @missing;
my $status = system 'cpanm', '--notest', '--local-lib', $folder, @specs;
my @left = map { (split /=/, $_)[0] } grep { !there($_) } @missing;
if (@left) {
  print STDERR "missing Perl modules: @left\n";
  exit 1;
}
exit($status == 0 ? 0 : 1);

# In a process of its own: a module that dies while it loads is not there.
sub there {
  my ($name, $version) = split /=/, shift;
  my $check = 'my ($n, $v) = @ARGV; eval "require $n; 1" or exit 1; eval { $n->VERSION($v); 1 } or exit 1 if $v;';
  return system($^X, "-I$folder/lib/perl5", '-e', $check, $name, $version // '') == 0;
}
