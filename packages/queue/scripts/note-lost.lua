--[[ Adds "worker_lost" to a job's history, once for each time that BullMQ found the job without its worker,
  whoever asks first.
  KEYS[1] job hash  [2] history  [3] active
  ARGV[1] job id  [2] now, ms since the epoch  [3] history limit  [4] history TTL in ms
  returns the number of the attempt that was lost, or 0 when there is nothing new
]]
local lost = tonumber(redis.call("HGET", KEYS[1], "stc") or 0)
if lost <= tonumber(redis.call("HGET", KEYS[1], "drover:lost") or 0) then return 0 end
redis.call("HSET", KEYS[1], "drover:lost", lost)
local attempt = tonumber(redis.call("HGET", KEYS[1], "ats") or 0)
if redis.call("LPOS", KEYS[3], ARGV[1]) then attempt = attempt - 1 end -- its successor has started already
redis.pcall("RPUSH", KEYS[2], '{"type":"worker_lost","at":' .. ARGV[2] .. ',"attempt":' .. attempt .. "}")
redis.pcall("LTRIM", KEYS[2], -tonumber(ARGV[3]), -1)
redis.pcall("PEXPIRE", KEYS[2], ARGV[4])
return attempt
