# leak.pl RATE COUNT: makes COUNT processes that stay, RATE a second (0: as fast as it can), at three places with shares of 60, 30
# and 10 in an order that is always the same. Prints what each place made, and waits.
use strict;
use warnings;
use POSIX ();

my (@kept, @made);

sub open_session {
    my $child = fork();
    return $child if !defined $child || $child > 0;
    sleep 60;
    POSIX::_exit(0);
}

sub accept_upload {
    my $child = open(my $pipe, '-|', 'sleep', '60');
    push @kept, $pipe;
    return $child;
}

sub Timer::start {
    my $child = fork();
    return $child if !defined $child || $child > 0;
    exec 'sleep', '60';
}

# A generator of its own: that of Perl differs from one build to another.
my $seed = 1;
my ($rate, $count) = @ARGV;
@made = (0, 0, 0);
for (1 .. $count) {
    $seed = ($seed * 1103515245 + 12345) % 2147483648;
    my $pick = int($seed / 65536) % 100;
    my $place = $pick < 60 ? 0 : $pick < 90 ? 1 : 2;
    my $child = $place == 0 ? open_session() : $place == 1 ? accept_upload() : Timer::start();
    $made[$place]++ if $child;
    select(undef, undef, undef, 1 / $rate) if $rate > 0;
}
$| = 1;
print "made @made\n";
sleep 30;
POSIX::_exit(0);
