<?php
// leak.php RATE COUNT: makes COUNT processes that stay, RATE a second (0: as fast as it can), at three places with shares of 60, 30
// and 10 in an order that is always the same. Prints what each place made, and waits.
class Server
{
    private array $kept = [];

    function openSession(): bool
    {
        $child = @pcntl_fork();
        if ($child === 0) {
            sleep(60);
            posix_kill(getmypid(), 9);
        }
        return $child > 0;
    }

    function acceptUpload(): bool
    {
        $child = @proc_open(['sleep', '60'], [], $pipes);
        $this->kept[] = $child;
        return $child !== false;
    }
}

function startTimer(): bool
{
    $child = @popen('exec sleep 60', 'r');
    $GLOBALS['timers'][] = $child;
    return $child !== false;
}

mt_srand(1);
$made = [0, 0, 0];
$server = new Server();
for ($i = 0; $i < (int) $argv[2]; $i++) {
    $pick = mt_rand(0, 99);
    if ($pick < 60) $made[0] += (int) $server->openSession();
    elseif ($pick < 90) $made[1] += (int) $server->acceptUpload();
    else $made[2] += (int) startTimer();
    if ($argv[1] > 0) usleep((int) (1e6 / $argv[1]));
}
echo 'made ', implode(' ', $made), "\n";
sleep(30);
posix_kill(getmypid(), 9);
