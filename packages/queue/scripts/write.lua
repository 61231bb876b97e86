--[[ What a running attempt writes beside its outcome, if and only if it holds the lease: BullMQ's own
  updateProgress and log do not check.
  KEYS[1] job hash  [2] lock  [3] event stream  [4] logs  [5] history
  ARGV[1] lock token  [2] job id  [3] progress as JSON, or ""  [4] history event as JSON, or ""
    [5] 1 when the attempt is being given back
  ARGV[6] history limit  [7] history TTL in ms  [8] number of the attempt  [9...] log lines as JSON
  returns 1, or 0 when the lease is gone or the attempt is over, and nothing was written
  Log lines go into the event stream too, in entries of about 4 KiB.
  Events and log lines are let go where something other than a list lies under their key.
  A worker keeps its token from one job to the next, so the token alone does not tell an attempt from the
  one after it.
]]
if redis.call("GET", KEYS[2]) ~= ARGV[1] or redis.call("HGET", KEYS[1], "ats") ~= ARGV[8] then return 0 end
if ARGV[3] ~= "" then
  redis.call("HSET", KEYS[1], "progress", ARGV[3])
  redis.call("XADD", KEYS[3], "MAXLEN", "~", 10000, "*", "event", "progress", "jobId", ARGV[2],
    "data", ARGV[3])
end
if ARGV[4] ~= "" then
  redis.pcall("RPUSH", KEYS[5], ARGV[4])
  redis.pcall("LTRIM", KEYS[5], -tonumber(ARGV[6]), -1)
  redis.pcall("PEXPIRE", KEYS[5], ARGV[7])
end
if ARGV[5] == "1" then redis.call("HINCRBY", KEYS[1], "drover:released", 1) end
local function tell(lines)
  redis.call("XADD", KEYS[3], "MAXLEN", "~", 10000, "*", "event", "log", "jobId", ARGV[2],
    "data", "[" .. table.concat(lines, ",") .. "]")
end
if #ARGV > 8 then
  local lines, length = {}, 0
  for i = 9, #ARGV do
    if #lines > 0 and length + #ARGV[i] > 4096 then
      tell(lines)
      lines, length = {}, 0
    end
    lines[#lines + 1] = ARGV[i]
    length = length + #ARGV[i]
  end
  tell(lines)
  redis.pcall("RPUSH", KEYS[4], unpack(ARGV, 9))
  redis.pcall("LTRIM", KEYS[4], -tonumber(ARGV[6]), -1)
end
return 1
