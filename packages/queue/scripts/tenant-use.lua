--[[ How many jobs of a tenant wait in line, and how many run.
  KEYS[1] prioritized
  ARGV[1] tenant
  returns { waiting, running }
]]
return { redis.call("ZCARD", lineOf(ARGV[1])), runningBut(nil)[ARGV[1]] or 0 }
