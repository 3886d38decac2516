# spawner.rb N [HOLD_S [then]]: the same mix as spawner.c, in Ruby.
$reader, _writer = IO.pipe
$idle = Queue.new

def spawn_connection = Thread.new { $reader.read(1) }
def spawn_worker = Thread.new { $idle.pop }
def spawn_ticker = Thread.new { sleep }

def spawn_one(i)
  if i % 10 < 6 then spawn_connection
  elsif i % 10 < 9 then spawn_worker
  else spawn_ticker
  end
end

count = (ARGV[0] || 100).to_i
finish = Process.clock_gettime(Process::CLOCK_MONOTONIC) + (ARGV[1] || 10).to_i
count.times { |i| spawn_one(i) }
sleep 0.2
puts "ready #{Process.pid} #{count}"
$stdout.flush
i = 0
while ARGV[2] && Process.clock_gettime(Process::CLOCK_MONOTONIC) < finish
  begin
    spawn_one(i)
  rescue ThreadError
    sleep 0.001
  end
  i += 1
end
sleep [0, finish - Process.clock_gettime(Process::CLOCK_MONOTONIC)].max
exit!
