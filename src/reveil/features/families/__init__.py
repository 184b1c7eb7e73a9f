"""The built-in families, one small file each: what a customer's past says, in declared features."""
