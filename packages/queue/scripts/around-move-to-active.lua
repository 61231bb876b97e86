--[[ Around BullMQ's script that takes a job. Stands after `take-turns.lua`.
  ARGV[2] now, ms since the epoch
  returns what BullMQ's does; where nobody may run, what it returns for an empty queue
]]
promoteDue(ARGV[2])
local turn = turnBut()
if turn == false then
  local due = redis.call("ZRANGE", queue .. "delayed", 0, 0, "WITHSCORES")[2]
  return { 0, 0, 0, due and tonumber(due) / 4096 or 0 }
end
return take(turn, bullmq)
