--[[ Which jobs of a queue ended after the position up to which webhooks were told. The event stream says so:
  each script that ends a job adds to it.
  KEYS[1] event stream  [2] position in it  [3] receivers that jobs name (hash)  [4] ends that are owed (list)
  ARGV[1] 1 for all jobs, 0 for those that name a receiver  [2] most entries that are looked at
    [3] most owed ends
  returns { "found", position after these or "" when that is where it was, 1 when there is more, { owed ends… }, { job ids… } }
    or { "behind", newest position, position or "" } when the stream does not reach back so far
]]
local newest = redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)[1]
local position = redis.call("GET", KEYS[2])
local owed = redis.call("LRANGE", KEYS[4], 0, ARGV[3] - 1)
local isMore = #owed == tonumber(ARGV[3]) and 1 or 0
if not newest then return { "found", "", isMore, owed, {} } end
local isAllWanted = ARGV[1] == "1"
if not isAllWanted and redis.call("HLEN", KEYS[3]) == 0 then
  return { "found", newest[1] == position and "" or newest[1], isMore, owed, {} }
end

local function isBefore(a, b)
  local aTime, aPlace = string.match(a, "^(%d+)-(%d+)$")
  local bTime, bPlace = string.match(b, "^(%d+)-(%d+)$")
  if aTime ~= bTime then return tonumber(aTime) < tonumber(bTime) end
  return tonumber(aPlace) < tonumber(bPlace)
end
local oldest = redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", 1)[1]
if not position or isBefore(position, oldest[1]) or isBefore(newest[1], position) then
  return { "behind", newest[1], position or "" }
end

local entries = redis.call("XRANGE", KEYS[1], "(" .. position, "+", "COUNT", ARGV[2])
local told, ids, isFound = position, {}, {}
for _, entry in ipairs(entries) do
  local event, id
  for i = 1, #entry[2], 2 do
    if entry[2][i] == "event" then event = entry[2][i + 1] end
    if entry[2][i] == "jobId" then id = entry[2][i + 1] end
  end
  local isEnd = id and (event == "completed" or event == "failed") and not isFound[id]
  if isEnd and (isAllWanted or redis.call("HEXISTS", KEYS[3], id) == 1) then
    isFound[id] = true
    table.insert(ids, id)
  end
  position = entry[1]
end
if #entries == tonumber(ARGV[2]) then isMore = 1 end
return { "found", position == told and "" or position, isMore, owed, ids }
