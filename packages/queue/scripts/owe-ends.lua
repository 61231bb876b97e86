--[[ Owes the ends of finished jobs, a page of them, where the event stream does not reach back to them.
  KEYS[1] completed or failed  [2] receivers that jobs name (hash)  [3] ends that are owed (list)
  ARGV[1] least time of the end  [2] how many of that time are done  [3] most jobs
    [4] 1 for all jobs, 0 for those that name a receiver
  returns { jobs looked at, time of the last, how many of that time are done }
]]
local entries = redis.call("ZRANGEBYSCORE", KEYS[1], ARGV[1], "+inf", "WITHSCORES", "LIMIT", ARGV[2], ARGV[3])
local last, count = ARGV[1], tonumber(ARGV[2])
for i = 1, #entries, 2 do
  if ARGV[4] == "1" or redis.call("HEXISTS", KEYS[2], entries[i]) == 1 then
    redis.call("RPUSH", KEYS[3], entries[i])
  end
  count = entries[i + 1] == last and count + 1 or 1
  last = entries[i + 1]
end
return { #entries / 2, last, count }
