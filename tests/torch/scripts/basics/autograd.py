import torch

x = torch.ones(2, 2, requires_grad=True)
print(x)
y = x + 2
print(y)
print(y.grad_fn is not None, x.is_leaf, y.is_leaf)
z = y * y * 3
out = z.mean()
print(z, out)
out.backward()
print(x.grad)

a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3 * a**3 - b**2
Q.backward(gradient=torch.tensor([1.0, 1.0]))
print(9 * a**2 == a.grad, -2 * b == b.grad)

with torch.no_grad():
    print((x * 2).requires_grad)
print(x.detach().requires_grad)

w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (w * 2).backward()
print(w.grad)
w.grad.zero_()
print(w.grad)

t = torch.tensor(0.5, requires_grad=True)
f = torch.sin(t)
(g,) = torch.autograd.grad(f, t, create_graph=True)
(h,) = torch.autograd.grad(g, t)
print(g.item(), h.item())

try:
    out.backward()
except RuntimeError as e:
    print("Error:", str(e)[:100])
try:
    torch.ones(3).sum().backward()
except RuntimeError as e:
    print("Error:", str(e)[:50])
try:
    x.fill_(0)
except RuntimeError as e:
    print("Error:", str(e)[:50])
try:
    z.backward()
except RuntimeError as e:
    print("Error:", str(e)[:50])
v = torch.randn(3, requires_grad=True)
try:
    v.numpy()
except RuntimeError as e:
    print("Error:", str(e)[:50])
print(torch.autograd.functional.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0])))
print(torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0])))
