// SPDX-License-Identifier: Apache-2.0
// Keys that Node cannot write itself, made with OpenSSL and OpenSSH for these tests; the passphrase of all is "abc".

/** SEC1 with the parameters of P-256 spelled out. */
export const explicitParameters = `-----BEGIN EC PRIVATE KEY-----
MIIBaAIBAQQgrba3N3pw84dC3E11zFqeulvPTpSonGKjivjLgTggMCyggfowgfcC
AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////
MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr
vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE
axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W
K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8
YyVRAgEBoUQDQgAE7GNABqmCc1NCIqGab6B5JVtDllg0Lngp2LwcxHIn8gy8tAhd
r4zPxOTkgV+X3zH547baDArKZqekuA8776ZK6g==
-----END EC PRIVATE KEY-----
`

/** SEC1 with a compressed point; the same key. */
export const compressedPoint = `-----BEGIN EC PRIVATE KEY-----
MFcCAQEEIK22tzd6cPOHQtxNdcxanrpbz06UqJxio4r4y4E4IDAsoAoGCCqGSM49
AwEHoSQDIgAC7GNABqmCc1NCIqGab6B5JVtDllg0Lngp2LwcxHIn8gw=
-----END EC PRIVATE KEY-----
`

/** SEC1 without the public half; the same key. */
export const withoutPublicKey = `-----BEGIN EC PRIVATE KEY-----
MDECAQEEIK22tzd6cPOHQtxNdcxanrpbz06UqJxio4r4y4E4IDAsoAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
`

/** SEC1 after a block of parameters, as `openssl ecparam -genkey` writes it. */
export const withParameters = `-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIN6GcNbgKIBgVyuFtb1rRojTE1IOWh8fXouUL1UtS+ssoAoGCCqGSM49
AwEHoUQDQgAE7/kiaIXMJXGUSI49plgLXqfeJyx2lUau2TdMqKPBaHCdKfv1wTQT
QXanW4g349cpe2MiZz4YuzHTGox9ZLYslA==
-----END EC PRIVATE KEY-----
`

/** PKCS#8, encrypted with RC2 and 40 bits. */
export const outdatedEncryption = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQYwDgQIvp3GWjXLiyECAggABIGQshEKBJytyZcqI2DO
CEluixIpGNjE7afjKBSR0LCAT5ArBY+N8vE+6Y8z2ZX0ujrhynRHVhVw+BxPeE9K
nvLRWXuyQY2JdmuF36IodNPn2F3JDCHK5MC0BNws3NNjwgvVNFJBUiYQH1n1uzLR
eKG9b91/nxOHbQ6WkIbQco8FB4erpaCFa+v450VN7dI8xzAO
-----END ENCRYPTED PRIVATE KEY-----
`

/** The format of ssh-keygen. */
export const openssh = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSULLlTEaBOM6Llwbjy0H9MC6JKb6FJ
8CfLbO/0fe2nc/n/7ecVaRIa5w/GQD58y08mLyYHO1I0P8LhttCvqELWAAAAoPlto1r5ba
NaAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJQsuVMRoE4zouXB
uPLQf0wLokpvoUnwJ8ts7/R97adz+f/t5xVpEhrnD8ZAPnzLTyYvJgc7UjQ/wuG20K+oQt
YAAAAhAIOi7oRD0n8umQTvl6JqnM+reXrssfaTDugiqh0utbHNAAAAB3Jvb3RAdm0=
-----END OPENSSH PRIVATE KEY-----
`

/** A PKCS#12 file, base64. */
export const pkcs12 = `MIID/AIBAzCCA7IGCSqGSIb3DQEHAaCCA6MEggOfMIIDmzCCAlIGCSqGSIb3DQEHBqCCAkMwggI/
AgEAMIICOAYJKoZIhvcNAQcBMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhyFTZRyQDE
DgICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMIhKHXYUfPE36X+arnyU7yAggHQ55Si
G3n8K7MJ7L1EZRKAM4PeJrg1hqjX3yRhZQOaUkxz3hWy7CCi44Bsiyk9TNlouqKAOwcvRZKEJyXJ
6UTNml6ttqI3d1cKw2DKsxS8nVhbNGkuw/oOdcc/i2RmIiWijFDSfRWV2ttIhgbWAetPUcKghyN/
ygxz6OwcC+YDWgh8hgLfi/ePyAMZoqrNnnuGV95DHgG1Pofoefi7s57AnbZVrSisq8fwDvmSCy4y
6aIexr7h1PAtet3/JSYQHRXam4OTS70IG/ubF95fV05KiqqafaOiXTSd3Y7IOzfH9LhPQtFurA64
lJdhLrEz0GfZP3soSIX84KMaS/B8evvzDIQ2thEfrl7aZnGnbaNEpN3n7wkoWtOwD5itcdT9XR6F
Pc2fz/zb6yJOZZk3Z/sbqf3C4nePT6kpxbYQBtQLG7J3MpSFbxmF0byIVNUhqI6NSVQj81Cs/03I
ufx/2eLW9ZJPaJx1KDwpdjGL5MS7w5brB135lZ5kjhb7lnjdPfsqLCkxVW/wdw94zNvJ4OtZr1Gk
HvVI5TLHvzbVryfdDOZnaBwNqk0iBNF/buxtNCvvaOqTeBdqS0eD5MMZsIbmkqgClNOx5OcjmRJf
2sSl0Z4wggFBBgkqhkiG9w0BBwGgggEyBIIBLjCCASowggEmBgsqhkiG9w0BDAoBAqCB7zCB7DBX
BgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIJ0i2QpaATewCAggAMAwGCCqGSIb3DQIJBQAw
HQYJYIZIAWUDBAEqBBBRuXIr2/+np1TLlrftWCWRBIGQc33vmhCAEPExHAyu5rM6JwXWBve7IBFw
xdhPY146Mci/2wH6EjX05iBmrjvJvH0ra3Ts82C7c1lv/VPg6Ggs6Tz3IJXx0fc7Q21VejC/kTg8
k0E9zHdLdplnBSRDq7rJw1R9hnvjYyvmuTl+5sPb/epeo/o4qraIC91EdDO0X/J5OjcQVT1TlKAz
3VTnq3NHMSUwIwYJKoZIhvcNAQkVMRYEFAbtHvcPZLfXxeUSFc1QtTYoXes/MEEwMTANBglghkgB
ZQMEAgEFAAQgpYR7KgfCpMxWfkEbV2fZzxbvoGDakET17hPvlAtgIIwECAiMXjoj1pLkAgIIAA==`
