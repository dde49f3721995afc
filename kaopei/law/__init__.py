"""The notice 粤应急规〔2023〕3号 as code: duties, words, dated numbers and rules. Pure: standard library, no clock, no disk of others."""
