# leak.rb RATE COUNT: makes COUNT tasks that stay, RATE a second (0: as fast as it can), at three places with shares of 60, 30 and 10
# in an order that is always the same. Prints what each place made, and waits.
class Server
  def open_session
    Thread.new { sleep }
  end

  def accept_upload
    spawn('sleep', '60')
  end

  def start_timer
    fork do
      sleep 60
      exit!(0)
    end
  end

  def handle(pick)
    if pick < 60 then open_session
    elsif pick < 90 then accept_upload
    else start_timer
    end
  rescue SystemCallError, ThreadError
    nil
  end
end

rate = ARGV[0].to_f
made = [0, 0, 0]
random = Random.new(1)
server = Server.new
ARGV[1].to_i.times do
  pick = random.rand(100)
  made[pick < 60 ? 0 : pick < 90 ? 1 : 2] += 1 if server.handle(pick)
  sleep(1 / rate) if rate > 0
end
puts "made #{made.join(' ')}"
$stdout.flush
sleep 30
exit!(0)
