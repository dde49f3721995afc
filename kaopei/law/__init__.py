"""The notice 粤应急规〔2023〕3号 as code: duties, words, dated numbers, rules. Pure: no clock, no other room."""
