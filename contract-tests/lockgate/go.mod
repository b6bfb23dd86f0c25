// Which version is built stands in lockgate-VERSION.mod; this file only says that the folder is a module.
module lockgate
